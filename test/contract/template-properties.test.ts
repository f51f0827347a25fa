// SPDX-License-Identifier: Apache-2.0
import { App, Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as fc from 'fast-check';
import { parsePlan, plansOf } from '../../bin/lab/plan';
import { LowLatencyFleet, LowLatencyInstance, StackSnapshot } from '../../lib';
import { PLAN_KEY_NAMES, planKey } from '../../lib/private/plan-keys';
import type { HostProps } from '../unit/fixtures/arbitrary-props';
import { hostProps, runs } from '../unit/fixtures/arbitrary-props';

/*
 * What holds for the template of any props that are accepted, with CDK's own validator as a judge; and that props are
 * either accepted or refused by a sentence, whatever they are.
 */

const MAX_USER_DATA = 16384; // bytes: EC2's limit
const PATIENCE = 600_000; // each run is a whole synthesis

type What = typeof LowLatencyInstance | typeof LowLatencyFleet;
const WHAT: [string, What][] = [['a host', LowLatencyInstance], ['a fleet', LowLatencyFleet]];

/** A stack with one host or fleet of these props; undefined where they are refused. */
function stackOf(Receiver: What, props: HostProps): Stack | undefined {
  const stack = new Stack(new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } }), 'Demo');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1, natGateways: 1 });
  try {
    new Receiver(stack, 'Feed', { vpc, ...props });
    return stack;
  } catch (error) {
    // A slip of ours would be another kind of error, such as a TypeError, and would not know where it happened.
    expect((error as Error).constructor).toBe(Error);
    expect((error as Error).message).toMatch(/^(.* \(at Demo\/Feed\)|\d+ problems \(at Demo\/Feed\):(\n {2}- .*)+)$/);
    return undefined;
  }
}

/** Bytes of the user data when CloudFormation has put in the longest values it may have to. */
function userDataBytes(template: unknown): number {
  const [launchTemplate] = Object.values((template as { Resources: Record<string, { Type: string; Properties: any }> }).Resources)
    .filter(({ Type }) => Type === 'AWS::EC2::LaunchTemplate');
  const parts = launchTemplate.Properties.LaunchTemplateData.UserData['Fn::Base64']['Fn::Join'][1] as (string | object)[];
  const text = parts.map((part) => (typeof part === 'string' ? part : '')).join('');
  const plan = parsePlan(text);
  expect(Object.keys(plan)).toEqual(PLAN_KEY_NAMES);
  const deployTime = PLAN_KEY_NAMES.reduce((sum, name) => sum + (planKey(name).tokenBytes ?? 0), 0);
  return Buffer.byteLength(text) + deployTime;
}

test.each(WHAT)('%s: the template of sensible props passes the validator, fits, and is the same each time', (_, what) => {
  let accepted = 0;
  fc.assert(fc.property(hostProps('sensible'), (props) => {
    const [stack, again] = [stackOf(what, props), stackOf(what, props)];
    if (stack === undefined || again === undefined) {
      return;
    }
    accepted++;
    const snapshot: unknown = StackSnapshot.of(stack); // synthesises, under the validator
    expect(StackSnapshot.of(again)).toEqual(snapshot);
    const template: unknown = Stage.of(stack)!.synth().getStackArtifact(stack.artifactId).template;
    expect(userDataBytes(template)).toBeLessThanOrEqual(MAX_USER_DATA);
    expect(plansOf(template)).toHaveLength(1);
  }), { ...runs<[HostProps]>(4), endOnFailure: true });
  expect(accepted).toBeGreaterThan(0);
}, PATIENCE);

test.each(WHAT)('%s: careless props are accepted or refused in words', (_, what) => {
  let refused = 0;
  fc.assert(fc.property(hostProps('careless'), (props) => {
    refused += stackOf(what, props) === undefined ? 1 : 0;
  }), runs<[HostProps]>(100));
  expect(refused).toBeGreaterThan(10);
}, PATIENCE);
