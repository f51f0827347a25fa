// SPDX-License-Identifier: Apache-2.0
import { AwsError } from './aws-error';

/** Systems Manager's parameters: what the CDK bootstrap left, and the newest images. */
export class ParameterStore {
  private readonly values = new Map([
    ['/cdk-bootstrap/hnb659fds/version', '30'],
    ['/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-x86_64', 'ami-0a11ce00000000001'],
  ]);

  set(name: string, value: string): void {
    this.values.set(name, value);
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  /** A call of the service's JSON protocol. */
  answer(action: string, body: string): object {
    if (action !== 'GetParameter') {
      throw new AwsError('InvalidAction', `the stand-in's parameter store knows no ${action}`);
    }
    const { Name: name } = JSON.parse(body) as { Name: string };
    const value = this.get(name);
    if (value === undefined) {
      throw new AwsError('ParameterNotFound', name);
    }
    return { Parameter: { Name: name, Type: 'String', Value: value, Version: 1 } };
  }
}
