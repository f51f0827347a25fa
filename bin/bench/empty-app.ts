// SPDX-License-Identifier: Apache-2.0
import { App, Stack } from 'aws-cdk-lib';

// What any CDK app costs: the least that `cdk synth` accepts.
new Stack(new App(), 'Empty');
