// SPDX-License-Identifier: Apache-2.0
import { App } from 'aws-cdk-lib';
import { DemoStack } from './demo-stack';

// `cdk deploy -c dataPlane=kernel|xdp|afxdp|dpdk -c idleHours=1 -c ttlHours=8 -c budgetUsd=500 -c budgetEmail=you@example.com`
const app = new App();

function number(key: string, value: string | undefined): number | undefined {
  if (value !== undefined && !(Number(value) >= 0)) {
    throw new Error(`'${key}' must be a number of at least 0, got '${value}'`);
  }
  return value === undefined ? undefined : Number(value);
}

try {
  new DemoStack(app, 'Demo', String(app.node.tryGetContext('dataPlane')), {
    idleHours: number('idleHours', app.node.tryGetContext('idleHours') as string | undefined),
    ttlHours: number('ttlHours', app.node.tryGetContext('ttlHours') as string | undefined),
    budgetUsd: number('budgetUsd', app.node.tryGetContext('budgetUsd') as string | undefined),
    budgetEmail: app.node.tryGetContext('budgetEmail') as string | undefined,
  });
} catch (error) {
  // What is wrong with the arguments needs no stack trace.
  console.error((error as Error).message);
  process.exit(2);
}
