// SPDX-License-Identifier: Apache-2.0
import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Findings } from './fail';

/** What the CDK has in place of a value until its first look-up: synthesis goes on with it, and then once more. */
const AWAITED = /^dummy-value-for-|^ami-1234$/;

/** Whether synth knows a value that was given, and does not just wait for it. */
function isKnown(value: string): boolean {
  return !Token.isUnresolved(value) && !AWAITED.test(value);
}

/** An id of ours to pass on: 17 hex digits, 8 for what was made before 2018. */
export function checkId(scope: Construct, prop: string, kind: string, id: string | undefined): void {
  const findings = new Findings();
  findings.check(id === undefined || !isKnown(id) || new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id),
    `'${prop}' must be an id such as ${kind}-0123456789abcdef0, got '${id}'`);
  findings.throwIfAny(scope);
}

/** The same of an ARN. */
export function checkArn(scope: Construct, prop: string, arn: string, form: RegExp, example: string): void {
  const findings = new Findings();
  findings.check(!isKnown(arn) || form.test(arn), `'${prop}' must be an ARN such as ${example}, got '${arn}'`);
  findings.throwIfAny(scope);
}

/**
 * What the CDK imports by its id, and takes any word for. Only another kind of thing is refused: the CDK has short ids
 * of its own while it waits for a look-up, and so have the unit tests of many a stack.
 */
function checkKind(scope: Construct, what: string, kind: string, id: string, form = new RegExp(`^${kind}-`)): void {
  const findings = new Findings();
  findings.check(!isKnown(id) || form.test(id), `the id of ${what} is such as ${kind}-0123456789abcdef0, got '${id}'`);
  findings.throwIfAny(scope);
}

export function checkNetwork(scope: Construct, vpc: ec2.IVpc, subnets: readonly ec2.ISubnet[], groups: readonly ec2.ISecurityGroup[]): void {
  checkKind(scope, 'a VPC', 'vpc', vpc.vpcId);
  subnets.forEach(({ subnetId }) => checkKind(scope, 'a subnet', 'subnet', subnetId, /^(subnet|[psi])-/)); // [psi]: of a VPC not yet looked up
  groups.forEach(({ securityGroupId }) => checkKind(scope, 'a security group', 'sg', securityGroupId));
}

export function checkImageId(scope: Construct, id: string): void {
  checkKind(scope, 'an image', 'ami', id, /^(ami-|resolve:ssm:)/); // or a parameter that EC2 reads when it launches a host
}
