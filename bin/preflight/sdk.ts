// SPDX-License-Identifier: Apache-2.0

/*
 * The AWS SDK, loaded by the commands that need it: it takes longer to load than all else of `kb` together.
 * By require(), which both the bundler and the test runner understand in a CommonJS file; import() only the first does.
 */
/* eslint-disable @typescript-eslint/no-require-imports */

// The SDK's note that its later versions want a later Node says nothing of this one, and buries the answer.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

export function ec2Sdk(): typeof import('@aws-sdk/client-ec2') {
  return require('@aws-sdk/client-ec2') as typeof import('@aws-sdk/client-ec2');
}

export function serviceQuotasSdk(): typeof import('@aws-sdk/client-service-quotas') {
  return require('@aws-sdk/client-service-quotas') as typeof import('@aws-sdk/client-service-quotas');
}
