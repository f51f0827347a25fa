// SPDX-License-Identifier: Apache-2.0
import type { Image } from '@aws-sdk/client-ec2';
import { Check } from '../check';
import { fail, pass, skip } from '../finding';
import { ec2Sdk } from '../sdk';
import { Session } from '../session';

const PARAMETER = 'resolve:ssm:';

/**
 * Public parameters, and the owner and name of the images they point to. The parameter itself is resolved by EC2 at
 * launch; what is looked at here is the newest image of that name.
 */
const PUBLIC_IMAGES: [parameter: RegExp, owner: string, name: string][] = [
  [/^\/aws\/service\/ami-amazon-linux-latest\/(al2023-ami-(?:minimal-)?)kernel-([\d.]+)-(x86_64|arm64)$/, 'amazon', '$1????.*-kernel-$2-$3'],
  [/^\/aws\/service\/debian\/release\/(\d+)\/latest\/(amd64|arm64)$/, '136693071363', 'debian-$1-$2-*'],
  [
    /^\/aws\/service\/canonical\/ubuntu\/server\/([\d.]+)\/stable\/current\/(amd64|arm64)\/hvm\/(ebs-gp[23])\/ami-id$/,
    '099720109477', 'ubuntu/images/hvm-ssd*/ubuntu-*-$1-$2-server-*',
  ],
];

/** The image can be launched on the type and has an ENA driver. */
export const image: Check = {
  name: 'image',
  actions: ['ec2:DescribeImages'],
  async run(session, { target, type }) {
    const id = target.launch.ImageId;
    if (id === undefined) {
      return skip('the image is not known before deployment', 'name one with --image-id');
    }
    const query = imageQuery(id);
    if (query === undefined) {
      return skip(`${id.slice(PARAMETER.length)} can only be resolved by EC2`, 'name the image with --image-id');
    }
    const found = await newest(session, query);
    if (found === undefined) {
      return fail(`there is no image ${id} in ${session.region}`, 'choose an image of this region');
    }
    const architectures = type.ProcessorInfo?.SupportedArchitectures ?? [];
    const problems = [
      found.State === 'available' ? '' : `its state is ${found.State}`,
      found.EnaSupport ? '' : 'it has no ENA support',
      architectures.includes(found.Architecture as never) ? '' : `it is for ${found.Architecture}, ${target.instanceType} is ${architectures.join(' or ')}`,
      Date.parse(found.DeprecationTime ?? '') < Date.now() ? `it has been deprecated since ${found.DeprecationTime}` : '',
    ].filter((problem) => problem !== '');
    const name = `${found.ImageId} (${found.Name})`;
    return problems.length > 0 ? fail(`${name}: ${problems.join('; ')}`, 'choose another image') : pass(`${name} supports ENA on ${found.Architecture}`);
  },
};

interface ImageQuery {
  readonly ImageIds?: string[];
  readonly Owners?: string[];
  readonly Filters?: { Name: string; Values: string[] }[];
}

function imageQuery(id: string): ImageQuery | undefined {
  if (!id.startsWith(PARAMETER)) {
    return { ImageIds: [id] };
  }
  const parameter = id.slice(PARAMETER.length);
  for (const [pattern, owner, name] of PUBLIC_IMAGES) {
    if (pattern.test(parameter)) {
      return { Owners: [owner], Filters: [{ Name: 'name', Values: [parameter.replace(pattern, name)] }] };
    }
  }
  return undefined;
}

async function newest(session: Session, query: ImageQuery): Promise<Image | undefined> {
  const { paginateDescribeImages } = ec2Sdk();
  let best: Image | undefined;
  try {
    for await (const page of paginateDescribeImages({ client: session.ec2 }, query)) {
      for (const candidate of page.Images ?? []) {
        if ((candidate.CreationDate ?? '') >= (best?.CreationDate ?? '')) {
          best = candidate;
        }
      }
    }
  } catch (error) {
    if (!(error as Error).name.startsWith('InvalidAMIID')) {
      throw error;
    }
  }
  return best;
}
