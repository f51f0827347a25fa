// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { s3Identity } from '../../../bin/vm/certificate';
import { AwsError } from './aws-error';
import { Buckets } from './buckets';
import type { Call } from './call';
import { CloudFormation } from './cloud-formation';
import { Instances } from './instances';
import { ParameterStore } from './parameter-store';
import { Provisioner } from './provisioner';
import { queryAnswer, QueryCall, queryError } from './query-call';
import { REGION } from './region';
import { requestBody } from './request-body';
import { Inventory } from './resource';
import { Sts } from './sts';
import { WaitConditions } from './wait-conditions';

interface Request {
  readonly service: string;
  readonly action: string;
  readonly accessKey: string;
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer | string;
}

/** An account in one region that was bootstrapped for the CDK, on a port of the loopback address. */
export class Cloud {
  static async start(): Promise<Cloud> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-cloud-'));
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7', '-subj', '/CN=stand-in',
      '-keyout', path.join(folder, 'ca.key'), '-out', path.join(folder, 'ca.crt'),
    ], { stdio: 'ignore' });
    const identity = { ...await s3Identity(folder, folder, REGION), caFile: path.join(folder, 'ca.crt') };
    const inventory = new Inventory();
    const buckets = new Buckets(path.join(folder, 's3'));
    const waits = new WaitConditions();
    const calls: Call[] = [];
    const parameters = new ParameterStore();
    const instances = new Instances({ folder, inventory, parameters, buckets, waits, identity, onCall: (call) => calls.push(call) });
    const cloud = new Cloud(folder, inventory, parameters, buckets, instances, waits, calls);
    await new Promise<void>((resolve, reject) => {
      cloud.server.once('error', reject);
      cloud.server.listen(0, '127.0.0.1', resolve);
    });
    return cloud;
  }

  readonly cloudFormation: CloudFormation;
  private readonly sts = new Sts();
  private readonly server: http.Server;

  private constructor(
    private readonly folder: string,
    readonly inventory: Inventory,
    readonly parameters: ParameterStore,
    readonly buckets: Buckets,
    readonly instances: Instances,
    readonly waits: WaitConditions,
    /** Everything that was asked, in order. */
    readonly calls: Call[],
  ) {
    this.cloudFormation = new CloudFormation(new Provisioner(inventory, instances, waits), buckets, this.parameters);
    this.server = http.createServer((request, response) => {
      void this.serve(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(request.method === 'HEAD' ? undefined : body);
      });
    });
  }

  /** The value of AWS_ENDPOINT_URL. */
  get endpoint(): string {
    // By name: an address would make the SDK put a bucket's name before it.
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.running().map(({ instance }) => this.instances.terminate(instance.id)));
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async serve(incoming: http.IncomingMessage): Promise<Answer> {
    const request = await readRequest(incoming);
    const answer = this.answer(request);
    this.calls.push({ service: request.service, action: request.action, caller: this.sts.caller(request.accessKey), status: answer.status });
    return answer;
  }

  private answer(request: Request): Answer {
    const { service, action, method, url, body } = request;
    try {
      switch (service) {
        case 'sts':
          return { status: 200, body: queryAnswer(action, this.sts.answer(new QueryCall(body.toString()))) };
        case 'cloudformation':
          return { status: 200, body: queryAnswer(action, this.cloudFormation.answer(new QueryCall(body.toString()))) };
        case 'ssm':
          return { status: 200, body: JSON.stringify(this.parameters.answer(action, body.toString())) };
        case 's3':
          return { body: '', ...this.buckets.answer(method, new URL(url, this.endpoint), body) };
        default:
          throw new AwsError('UnknownService', `there is no stand-in for ${service}`, 501);
      }
    } catch (error) {
      return refusal(service, error as Error);
    }
  }
}

/** Which service is meant says the scope of the signature, as every service has the same address here. */
async function readRequest(request: http.IncomingMessage): Promise<Request> {
  const { method = '', url = '', headers } = request;
  const body = await requestBody(request);
  const [, accessKey = '', service = ''] = /Credential=([^/]+)\/\d+\/[^/]+\/(\w+)\/aws4_request/.exec(headers.authorization ?? '') ?? [];
  const [, target] = /\.(\w+)$/.exec(String(headers['x-amz-target'] ?? '')) ?? [];
  const action = service === 's3' ? `${method} ${url}` : target ?? new QueryCall(body.toString()).action;
  return { service, action, accessKey, method, url, body };
}

function refusal(service: string, error: Error): Answer {
  const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error.stack), 500);
  if (service === 'ssm') {
    return { status: known.status, body: JSON.stringify({ __type: known.code, message: known.message }) };
  }
  return {
    status: known.status,
    body: service === 's3' ? `<Error><Code>${known.code}</Code><Message>${known.message}</Message></Error>` : queryError(known),
  };
}
