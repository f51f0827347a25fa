// SPDX-License-Identifier: Apache-2.0
import type { Synthesis } from './synthesis';

/** The README's app in another language. */
export interface OtherApp {
  readonly needs: string;

  /** What the machine lacks to run it, undefined when nothing. */
  missing(): string | undefined;

  /**
   * @param folder an empty folder that is the app's own
   * @param library folder of the library's generated package
   */
  synthesise(folder: string, library: string): Synthesis;
}
