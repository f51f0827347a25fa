// SPDX-License-Identifier: Apache-2.0
import { App } from 'aws-cdk-lib';
import { DemoStack } from './demo-stack';

// `cdk deploy -c dataPlane=kernel|xdp|afxdp|dpdk -c idleHours=1 -c ttlHours=8 -c budgetUsd=500 -c budgetEmail=you@example.com`
const app = new App();
const context = (key: string) => app.node.tryGetContext(key) as string | undefined;

function number(key: string): number | undefined {
  const value = context(key);
  if (value !== undefined && !(Number(value) >= 0)) {
    throw new Error(`'${key}' must be a number of at least 0, got '${value}'`);
  }
  return value === undefined ? undefined : Number(value);
}

try {
  new DemoStack(app, 'Demo', String(context('dataPlane')), {
    idleHours: number('idleHours'), ttlHours: number('ttlHours'), budgetUsd: number('budgetUsd'), budgetEmail: context('budgetEmail'),
  });
} catch (error) {
  // What is wrong with the arguments needs no stack trace.
  console.error((error as Error).message);
  process.exit(2);
}
