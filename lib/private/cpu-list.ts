// SPDX-License-Identifier: Apache-2.0

/** CPUs of a list in the kernel's notation (`0-1,4`), or undefined for text that is no such list. */
export function parseCpuList(text: string): number[] | undefined {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) {
    return undefined;
  }
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    if (last > 4095) { // the kernel's own limit, and a guard against 0-999999999
      return undefined;
    }
    for (let cpu = first; cpu <= last; cpu++) {
      cpus.add(cpu);
    }
  }
  return [...cpus].sort((a, b) => a - b);
}

/** The shortest list of the CPUs, which are sorted. */
export function formatCpuList(cpus: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < cpus.length; i++) {
    const start = i;
    while (i + 1 < cpus.length && cpus[i + 1] === cpus[i] + 1) {
      i++;
    }
    parts.push(start === i ? `${cpus[i]}` : `${cpus[start]}-${cpus[i]}`);
  }
  return parts.join(',');
}

export function cpuRange(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
