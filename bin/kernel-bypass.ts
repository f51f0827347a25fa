// SPDX-License-Identifier: Apache-2.0
import { App } from 'aws-cdk-lib';
import { DemoStack } from './demo-stack';

// `cdk deploy -c dataPlane=kernel|xdp|afxdp|dpdk`
const app = new App();
try {
  new DemoStack(app, 'Demo', String(app.node.tryGetContext('dataPlane')));
} catch (error) {
  // What is wrong with the arguments needs no stack trace.
  console.error((error as Error).message);
  process.exit(2);
}
