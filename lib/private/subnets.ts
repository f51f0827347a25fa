// SPDX-License-Identifier: Apache-2.0
import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { fail } from './fail';

const LIST = /^#\{Token\[/; // what the CDK gives for the members of a list that it does not know

/** Subnets of the user's choice, private ones with egress where there is none. */
export function selectSubnets(scope: Construct, vpc: ec2.IVpc, selection?: ec2.SubnetSelection): ec2.SelectedSubnets {
  const selected = select(scope, vpc, selection ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
  if (selected.subnets.length === 0) {
    fail(scope, "'vpcSubnets' selects no subnet");
  }
  if (selected.subnets.some(({ subnetId }) => LIST.test(subnetId))) {
    fail(scope, "'vpcSubnets' must be known one by one, got a list that only deployment knows: import the VPC with Fn.importListValue, "
      + 'which is told how long the list is, or look it up');
  }
  return selected;
}

function select(scope: Construct, vpc: ec2.IVpc, selection: ec2.SubnetSelection): ec2.SelectedSubnets {
  try {
    return vpc.selectSubnets(selection);
  } catch (error) {
    fail(scope, `'vpcSubnets' selects no subnet: ${(error as Error).message}`);
  }
}

/** Says so when a subnet has no way out: what is missing there cannot even be told by the host. */
export function warnIfIsolated(scope: Construct, vpc: ec2.IVpc, subnet: ec2.ISubnet, needs: string): void {
  if (vpc.isolatedSubnets.some(({ subnetId }) => subnetId === subnet.subnetId)) {
    Annotations.of(scope).addWarningV2('cdk-kernel-bypass:isolatedSubnet', `the subnet ${subnet.node.path} has no way out: see that the VPC has endpoints for `
      + `${needs}, and a mirror of the packages`);
  }
}
