// SPDX-License-Identifier: Apache-2.0
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { LowLatencyFleetProps } from './low-latency-fleet';
import { LowLatencyFleet } from './low-latency-fleet';
import { fail, Findings } from './private/fail';
import { clusterPlacementGroup } from './private/placement';
import type { UdpFlow } from './udp-flow';

/** Flows that the same hosts receive. */
export interface FeedPartition {
  /** Name of the partition, and id of its fleet. */
  readonly name: string;

  /** The flows. No other partition has them. */
  readonly flows: UdpFlow[];
}

/** Options of `PartitionedFleet`. Those of `LowLatencyFleet` hold for each partition: `minCapacity` is that of one. */
export interface PartitionedFleetProps extends LowLatencyFleetProps {
  /** Which flows are received together. */
  readonly partitions: FeedPartition[];
}

/**
 * A feed that is too much for one host, cut by its flows: each partition is a `LowLatencyFleet` that receives its own
 * flows and no others, side by side in one placement group.
 *
 * A fleet to a partition, because the plan of a host holds its flows: a group whose hosts differ could not replace one
 * of them. So each partition also scales, updates and fails by itself. Hosts of a partition receive the same flows; two
 * of them are a spare, not twice the capacity.
 *
 * Multicast flows find their hosts: only the hosts of a partition join its groups. Unicast has to be sent to them.
 */
export class PartitionedFleet extends Construct implements ec2.IConnectable {
  /** The fleets, in the order of the partitions. */
  public readonly fleets: LowLatencyFleet[];

  /** Who may talk to the data ENIs of all partitions. */
  public readonly connections: ec2.Connections;

  /** Placement group of all hosts. */
  public readonly placementGroup: ec2.IPlacementGroup;

  public constructor(scope: Construct, id: string, props: PartitionedFleetProps) {
    super(scope, id);
    const { partitions, ...shared } = props;
    this.checkPartitions(props);
    this.placementGroup = props.placementGroup ?? clusterPlacementGroup(this);
    this.fleets = partitions.map(({ name, flows }) => new LowLatencyFleet(this, name, {
      ...shared, dataPlane: props.dataPlane._withFlows(flows), placementGroup: this.placementGroup,
    }));
    this.connections = new ec2.Connections({ securityGroups: this.fleets.flatMap(fleet => fleet.connections.securityGroups) });
  }

  /** The fleet of a partition. */
  public fleet(partition: string): LowLatencyFleet {
    return this.fleets.find(fleet => fleet.node.id === partition) ?? fail(this, `'partition' must be one of `
      + `${this.fleets.map(fleet => fleet.node.id).join(', ')}, got '${partition}'`);
  }

  private checkPartitions({ partitions, dataPlane, fleetName }: PartitionedFleetProps): void {
    const findings = new Findings();
    findings.check(partitions.length > 0, "'partitions' must have at least one entry, got none");
    findings.check(!dataPlane._hasFlows(), "'dataPlane' must leave 'flows' to the partitions");
    findings.check(fleetName === undefined, `'fleetName' names one fleet: leave it out, each partition is named by its path, got '${fleetName}'`);
    partitions.forEach(({ name, flows }, index) => {
      findings.check(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name),
        `'name' of a partition must be up to 32 letters, digits, '_' and '-', starting with a letter, got '${name}'`);
      findings.check(!partitions.slice(0, index).some(other => other.name === name), `'partitions' has ${name} twice`);
      for (const other of partitions.slice(0, index)) {
        for (const flow of flows.filter(each => other.flows.some(theirs => overlap(each, theirs)))) {
          findings.add(`flow ${flow.destinationAddress}:${flow.destinationPort} is in partition ${name} and in ${other.name}: it can have one only`);
        }
      }
    });
    findings.throwIfAny(this);
  }
}

function overlap(a: UdpFlow, b: UdpFlow): boolean {
  return a.destinationPort === b.destinationPort
    && (a.destinationAddress === b.destinationAddress || [a, b].some(flow => flow.destinationAddress === '*'));
}
