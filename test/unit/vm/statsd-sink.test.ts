// SPDX-License-Identifier: Apache-2.0
import { StatsdSink } from '../../../bin/vm/statsd-sink';

test('sums counters, keeps the last of gauges, and counts lines', () => {
  const sink = new StatsdSink();
  sink.take('PacketsReceived:5|c|#Name:Demo-Feed\nReceiverUp:0|g|#Name:Demo-Feed');
  sink.take('PacketsReceived:7|c|#Name:Demo-Feed\nReceiverUp:1|g|#Name:Demo-Feed\nReceiveLatency:12.5|h|@0.01|#Name:Demo-Feed\nnonsense');
  expect(sink.value('PacketsReceived', 'Name:Demo-Feed')).toBe(12);
  expect(sink.value('ReceiverUp', 'Name:Demo-Feed')).toBe(1);
  expect(sink.value('PacketsReceived', 'Name:Other')).toBeUndefined();
  expect(sink.lines).toBe(5);
});

test('lists a metric by the rest of its tags', () => {
  const sink = new StatsdSink();
  sink.take('BootPhaseSeconds:3|g|#Name:A,Phase:install\nBootPhaseSeconds:9|g|#Name:A,Phase:ready\nBootPhaseSeconds:1|g|#Name:B,Phase:ready');
  expect(sink.byTag('BootPhaseSeconds', 'Name:A,Phase:')).toEqual({ install: 3, ready: 9 });
});
