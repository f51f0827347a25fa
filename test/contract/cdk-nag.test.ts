// SPDX-License-Identifier: Apache-2.0
import { App, Validations } from 'aws-cdk-lib';
import { Port } from 'aws-cdk-lib/aws-ec2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { DemoStack } from '../../bin/demo-stack';

/** Synthesises the demo under the AwsSolutions pack and CDK's own validator, both as errors. */
function synth(dataPlane: string, change: (demo: DemoStack) => void = () => undefined): void {
  const app = new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  const demo = new DemoStack(app, 'Demo', dataPlane);
  change(demo);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

// The validator is a WebAssembly module that takes seconds to load, once.
const PATIENCE = 120_000;

test.each(['kernel', 'xdp', 'afxdp', 'dpdk'])('the demo with %s passes', dataPlane => {
  expect(() => synth(dataPlane)).not.toThrow();
}, PATIENCE);

test('what is not acknowledged is found', () => {
  expect(() => synth('kernel', demo => demo.feed.connections.allowFromAnyIpv4(Port.udp(9000)))).toThrow(/AwsSolutions-EC23/);
}, PATIENCE);
