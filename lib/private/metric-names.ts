// SPDX-License-Identifier: Apache-2.0

/** Seam 6: what kb-stats publishes and metricXxx() reads. ARCHITECTURE.md holds the same table for people. */
export const METRIC_NAMESPACE = 'KernelBypass';

export const METRICS = {
  ReceiveLatency: 'histogram',
  OneWayLatency: 'histogram',
  HandlerLatency: 'histogram',
  PacketsReceived: 'count',
  BytesReceived: 'count',
  PacketsLost: 'count',
  PacketsIgnored: 'count',
  SequenceGaps: 'count',
  PacketsUnexplained: 'count',
  PacketsSent: 'count',
  PacketsUnsent: 'count',
  AllowanceExceeded: 'count',
  ReceiverUp: 'gauge',
  FastPath: 'gauge',
  BootPhaseSeconds: 'gauge',
} as const;

export type MetricName = keyof typeof METRICS;

/** Causes of lost packets, in the order of include/kb/causes.def. */
export const LOST_CAUSES = [
  'nic_overrun', 'nic_error', 'nic_no_buffer', 'nic_dropped', 'socket_overflow', 'xsk_rx_ring_full',
  'xsk_fill_ring_empty', 'xsk_rx_dropped', 'xdp_redirect_failed', 'xdp_aborted', 'parse_truncated',
  'parse_bad_ip_header', 'parse_fragment', 'parse_bad_udp_length', 'parse_scattered', 'handler',
] as const;

/** Causes of ignored packets: other traffic, no part of the feed's account. */
export const IGNORED_CAUSES = ['filter_denied', 'other_not_ipv4', 'other_not_udp', 'other_no_flow'] as const;
