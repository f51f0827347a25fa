// SPDX-License-Identifier: Apache-2.0
import type { IConstruct } from 'constructs';

/** Throws in the house form: what is wrong, the value given, and where. */
export function fail(scope: IConstruct, message: string): never {
  throw new Error(`${oneLine(message)} (at ${scope.node.path})`);
}

/** A value that was given may hold a line break; the sentence about it holds it as `\n`. */
function oneLine(message: string): string {
  return message.replace(/\p{Cc}/gu, character => JSON.stringify(character).slice(1, -1));
}

/** Collects everything wrong with one construct's input, so that the user mends it in one go. */
export class Findings {
  private readonly messages: string[] = [];

  public add(message: string): void {
    this.messages.push(oneLine(message));
  }

  /** Records the message unless `ok` holds; returns `ok`, so that dependent checks can be skipped. */
  public check(ok: boolean, message: string): boolean {
    if (!ok) {
      this.add(message);
    }
    return ok;
  }

  public get list(): readonly string[] {
    return this.messages;
  }

  public throwIfAny(scope: IConstruct): void {
    if (this.messages.length === 1) {
      fail(scope, this.messages[0]);
    }
    if (this.messages.length > 1) {
      const lines = this.messages.map(message => `\n  - ${message}`).join('');
      throw new Error(`${this.messages.length} problems (at ${scope.node.path}):${lines}`);
    }
  }
}
