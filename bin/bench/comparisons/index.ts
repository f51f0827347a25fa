// SPDX-License-Identifier: Apache-2.0
import { Comparison } from '../comparison';
import { afxdp } from './afxdp';
import { dpdk } from './dpdk';
import { fanout } from './fanout';
import { generator } from './generator';
import { instructions } from './instructions';
import { kernel } from './kernel';
import { latency } from './latency';
import { synth } from './synth';

/** In the order they run. */
export const COMPARISONS: readonly Comparison[] = [dpdk, afxdp, kernel, latency, fanout, generator, instructions, synth];
