// SPDX-License-Identifier: Apache-2.0
import { BenchContext } from './context';
import { Finding } from './finding';

/** One question of the bench, answered by measuring two sides in turn. */
export interface Comparison {
  /** What `--only` takes. */
  readonly name: string;
  readonly what: string;
  /** Runs unless `--only` names others. */
  readonly byDefault: boolean;
  /** Debian packages that bring the peer and what else it takes. */
  readonly packages: readonly string[];
  run(bench: BenchContext): Promise<Finding[]>;
}
