// SPDX-License-Identifier: Apache-2.0
import { BREAKS } from '../../../bin/vm/breaks';
import { parseVmOptions, VM_USAGE } from '../../../bin/vm/options';

test('defaults to AF_XDP on a machine without IOMMU', () => {
  expect(parseVmOptions([])).toMatchObject({ plane: 'afxdp', iommu: false, fromScratch: false, reboot: false, keep: false });
});

test('takes the plane and the machine of a break from its row', () => {
  const [name, { plane, iommu, fromScratch }] = Object.entries(BREAKS)[0];
  expect(parseVmOptions(['--break', name])).toMatchObject({ breakage: name, plane, iommu: iommu ?? false, fromScratch: fromScratch ?? false });
});

test('boots an image of kb-bake also to see how long it takes by itself', () => {
  expect(parseVmOptions(['--host-image', '--bare'])).toMatchObject({ hostImage: true, bare: true });
});

test('every break is in the help text', () => {
  Object.keys(BREAKS).forEach((name) => expect(VM_USAGE).toContain(name));
});

test.each<[string[], RegExp]>([
  [['--plane', 'ebpf'], /'--plane' must be one of kernel, xdp, afxdp, dpdk, got 'ebpf'/],
  [['--iommu', 'maybe'], /'--iommu' must be one of on, off, got 'maybe'/],
  [['--break', 'nothing'], /'--break' must be one of /],
  [['--timeout', '5'], /'--timeout' must be a whole number of seconds from 60 to 43200, got '5'/],
  [['--break', Object.keys(BREAKS)[0], '--reboot'], /'--break' ends with a failed stack/],
  [['--break', Object.keys(BREAKS)[0], '--undo'], /'--break' ends with a failed stack/],
  [['--bare', '--reboot'], /'--bare' deploys nothing/],
  [['--host-image', '--from-scratch'], /'--host-image' leaves nothing to do/],
  [['--host-image', '--break', 'jitter'], /'--host-image' leaves nothing to do/],
  [['--host-image', '--power-cut', 'reboot'], /'--host-image' leaves nothing to do/],
  [['--nonsense'], /unknown option '--nonsense'; see --help/i],
])('refuses %j', (args, message) => {
  expect(() => parseVmOptions(args)).toThrow(message);
});
