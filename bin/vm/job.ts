// SPDX-License-Identifier: Apache-2.0
import { Accelerator } from './accelerator';
import { AssetFault } from './asset-store';
import { VmPlane } from './plane';

/** How the machine differs from what the template expects, to see a deployment fail. */
export interface Faults {
  readonly asset?: AssetFault;
  /** Keys of the plan with other values, in the user data. */
  readonly plan?: Readonly<Record<string, string>>;
  /** The data interface is not attached. */
  readonly noDataInterface?: boolean;
  /** The firmware starts the image's kernel with the image's arguments, whatever the boot menu says. */
  readonly fixedKernel?: boolean;
  /** The root file system has no room left. */
  readonly fullDisk?: boolean;
  /** The package mirror cannot be reached. */
  readonly noPackages?: boolean;
}

/** Everything the process inside the VPC needs to know; it travels as a file. */
export interface Job {
  readonly plane: VmPlane;
  readonly assembly: string;
  readonly stackName: string;
  /** Where this run keeps its disk, its console log and its report. */
  readonly folder: string;
  readonly image: { readonly disk: string; readonly loader: string; readonly kernel: string; readonly initrd: string; readonly caFolder: string };
  readonly accelerator: Accelerator;
  readonly iommu: boolean;
  readonly generator: string;
  /** The way to the package mirror, for an image that still has to install. */
  readonly packages?: { readonly socket: string; readonly host: string };
  readonly faults: Faults;
  /** What the reason of the expected failure has to hold. */
  readonly expectedFailure?: string;
  /** User data that does nothing: how long the image alone takes to boot. */
  readonly bare: boolean;
  /** The image has everything that the host needs, so that it must not reboot to become ready. */
  readonly firstBootIsLast: boolean;
  /** Reboots after the stack is complete. */
  readonly reboots: number;
  /** Then undo everything, look at what is left, and start it again. */
  readonly undo: boolean;
  /** Cut the power when the console first shows this, and switch on again. */
  readonly powerCutAt?: string;
  /** Leave the machine running when all is done. */
  readonly keep: boolean;
  /** The wait condition's own time-out when undefined. */
  readonly timeoutSeconds?: number;
}
