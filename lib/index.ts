// SPDX-License-Identifier: Apache-2.0
export * from './core-layout';
export * from './data-interface';
export * from './data-plane';
export * from './data-plane-kind';
export * from './host-os';
export * from './host-tuning';
export * from './instance-capabilities';
export * from './latency-dashboard';
export * from './low-latency-instance';
export * from './packet-handler';
export * from './recommendation';
export * from './rss-hash';
export * from './rss-plan';
export * from './sequence-format';
export * from './stack-snapshot';
export * from './udp-flow';
