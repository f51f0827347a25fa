// SPDX-License-Identifier: Apache-2.0
import { BenchOptions } from './options';
import { DataPlaneBuild } from '../lab/build';
import { Cores } from '../lab/cores';
import { RunFolder } from '../lab/run-folder';
import { Terminal } from '../lab/terminal';

/** What every comparison is given. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly cores: Cores;
  readonly folder: RunFolder;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The data plane with a handler compiled in: a built-in's name or a directory. */
  build(handler: string, programs: readonly string[]): Promise<DataPlaneBuild>;
}
