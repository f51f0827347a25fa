// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import * as path from 'node:path';
import { sum } from './ledger';
import { element, join, Markup, table } from './markup';
import { percentileChart, Series } from './percentile-chart';
import { describeCauses, failures, LabReport, LabRun, runName, warnings } from './report';
import { count, describeMode, duration, latencies } from './report-table';

// Okabe and Ito's palette: told apart by every kind of colour vision, on light and dark paper.
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'];

/** The report as one page that needs nothing else: no script, no font, no network. */
export function reportPage(report: LabReport): string {
  const template = fs.readFileSync(path.join(__dirname, 'report-page.html'), 'utf8');
  const body = [
    element('h1', {}, 'Kernel bypass lab'),
    element('p', { class: 'statement' }, report.statement),
    ...report.runs.flatMap(failures).map((failure) => element('p', { class: 'failure' }, failure)),
    ...report.runs.flatMap(warnings).map((warning) => element('p', {}, warning)),
    ...latency(report.runs),
    ...books(report.runs),
    ...report.runs.flatMap(planeSection),
    ...manifest(report),
  ];
  return template.replace('{{body}}', () => join(body));
}

function latency(runs: readonly LabRun[]): Markup[] {
  return [
    element('h2', {}, 'One-way latency'),
    element('p', {}, 'From the time a message was due at the sender to the end of its handler; a late generator counts against it.'),
    figure('All planes', runs.map((run, i) => ({ name: runName(run), colour: COLOURS[i % COLOURS.length], buckets: run.distributions.latency }))),
    wide(table(['plane', 'rate /s', 'bytes', 'p50', 'p90', 'p99', 'p99.9', 'max', 'CPU receiver', 'CPU main', 'CPU generator'], runs.map((run) => [
      runName(run), count(run.rateAchieved), run.size, ...latencies(run),
      `${run.cpuPercent.receiver} %`, `${run.cpuPercent.receiverMain} %`, `${run.cpuPercent.generator} %`,
    ]))),
  ];
}

function books(runs: readonly LabRun[]): Markup[] {
  return [
    element('h2', {}, 'Ledger'),
    element('p', {}, 'Sent = received + lost by cause + unexplained. Ignored is other traffic and no part of the account.'),
    wide(table(['plane', 'sent', 'received', 'lost', 'unexplained', 'lost by cause', 'ignored by cause'], runs.map((run) => [
      runName(run), count(run.sent), count(run.received), count(sum(run.lost)), count(run.unexplained), describeCauses(run.lost), describeCauses(run.ignored),
    ]))),
  ];
}

function planeSection(run: LabRun): Markup[] {
  return [
    element('h2', {}, `${runName(run)}: ${describeMode(run)}`),
    figure(`${runName(run)}, ${count(run.rateAchieved)} messages/s of ${run.size} bytes for ${run.seconds} s, handler ${run.handler}`, [
      { name: 'one-way: due at the sender to end of handler', colour: COLOURS[0], buckets: run.distributions.latency },
      { name: 'receive: arrival to end of handler', colour: COLOURS[1], buckets: run.distributions.receive },
    ]),
    wide(table(['in force', 'value'], [
      ['driver', run.mode.driver], ['XDP', run.mode.xdp || 'none'], ['copy', run.mode.copy || 'not applicable'], ['detail', run.mode.detail || 'none'],
      ['generator was late by', Object.entries(run.scheduleErrorNs).map(([name, ns]) => `${name} ${duration(ns)}`).join(', ')],
    ])),
    element('p', {}, 'Where this machine differs from the plan:'),
    wide(table(['key', 'planned', 'lab', 'why'], run.overrides.map((change) => [change.key, change.planned ?? 'not in a plan', change.lab, change.why]))),
  ];
}

function manifest(report: LabReport): Markup[] {
  return [
    element('h2', {}, 'Environment'),
    wide(table(['what', 'value'], Object.entries(report.environment).map(([key, value]) => [
      key, typeof value === 'object' ? Object.entries(value as object).map(([name, one]) => `${name} ${String(one)}`).join(', ') : String(value),
    ]))),
  ];
}

function figure(caption: string, series: readonly Series[]): Markup {
  return element('figure', {}, percentileChart(caption, series), element('figcaption', {}, caption));
}

/** A table may be wider than a phone. */
function wide(content: Markup): Markup {
  return element('div', { class: 'wide' }, content);
}
