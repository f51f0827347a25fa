// SPDX-License-Identifier: Apache-2.0
import { IGNORED_CAUSES, LOST_CAUSES, METRIC_NAMESPACE, METRICS } from '../../lib/private/metric-names';
import { plan } from '../unit/fixtures/plan-input';
import { architectureTable, quoted, read, readAll } from './files';

interface AgentConfig {
  readonly agent: { readonly omit_hostname: boolean };
  readonly metrics: {
    readonly namespace: string;
    readonly force_flush_interval: number;
    readonly aggregation_dimensions: string[][];
    readonly metrics_collected: {
      readonly statsd: {
        readonly service_address: string;
        readonly metrics_collection_interval: number;
        readonly metrics_aggregation_interval: number;
        readonly drop_original_metrics: string[];
      };
      readonly [plugin: string]: object;
    };
  };
}

const NAMES = Object.keys(METRICS);
const agent = JSON.parse(read('assets/cloudwatch/agent.json')) as AgentConfig;
const { statsd } = agent.metrics.metrics_collected;

test('ARCHITECTURE.md has the same metrics, of the same kind', () => {
  const documented = architectureTable('Metrics').map(([metric, kind]) => [quoted(metric)[0], kind]);
  expect(Object.fromEntries(documented)).toEqual(METRICS);
});

test('causes.def has the same causes, in the same order', () => {
  const causes = [...read('assets/dataplane/include/kb/causes.def').matchAll(/^KB_CAUSE\(\w+, "(\w+)", (LOST|IGNORED),/gm)];
  const named = (wanted: string) => causes.filter(([, , kind]) => kind === wanted).map(([, name]) => name);
  expect(named('LOST')).toEqual(LOST_CAUSES);
  expect(named('IGNORED')).toEqual(IGNORED_CAUSES);
});

describe('the publishers', () => {
  const sources = Object.entries({ ...readAll('assets/dataplane/tools/stats'), ...readAll('userdata') })
    .map(([, text]) => text).join('\n');

  test.each(NAMES)('somebody publishes %s', name => {
    expect(sources).toMatch(new RegExp(`["'\\s]${name}[":]`));
  });

  test('nobody publishes another', () => {
    const statsdSource = read('assets/dataplane/tools/stats/statsd.c');
    const published = [...statsdSource.matchAll(/\b(?:count|count_class|count_cause|histogram|kb_statsd_gauge)\(s, "(\w+)"/g)].map(([, name]) => name);
    expect(published.length).toBeGreaterThan(5);
    expect(published.filter(name => !NAMES.includes(name))).toEqual([]);
  });
});

describe("the agent's configuration", () => {
  test('listens on loopback alone, where the plan sends', () => {
    expect(statsd.service_address).toBe('127.0.0.1:8125');
    expect(statsd.service_address).toBe(plan().values.KB_STATSD);
    const addresses = [...JSON.stringify(agent).matchAll(/"[a-z_]*(?:address|endpoint|listen)[a-z_]*":"([^"]*)"/g)].map(([, address]) => address);
    expect(addresses).toEqual(['127.0.0.1:8125']);
    // These plug-ins listen on all interfaces unless told otherwise.
    expect(Object.keys(agent.metrics.metrics_collected)).not.toEqual(expect.arrayContaining([expect.stringMatching(/collectd|otlp|emf/)]));
    expect(agent).not.toHaveProperty('logs');
    expect(agent).not.toHaveProperty('traces');
  });

  test('keeps one-second values and publishes them under our namespace', () => {
    expect(agent.metrics).toMatchObject({ namespace: METRIC_NAMESPACE, force_flush_interval: 10 });
    expect(statsd).toMatchObject({ metrics_collection_interval: 1, metrics_aggregation_interval: 1 });
    expect(Number(plan().values.KB_STATS_INTERVAL_MS)).toBe(1000 * statsd.metrics_collection_interval);
  });

  test('leaves the dimensions we document, not the agent\'s own', () => {
    expect(agent.agent.omit_hostname).toBe(true);
    expect(agent.metrics.aggregation_dimensions).toEqual([['Name'], ['Name', 'Cause'], ['Name', 'Phase']]);
    expect([...statsd.drop_original_metrics].sort()).toEqual([...NAMES].sort());
  });
});
