// SPDX-License-Identifier: Apache-2.0
import { resolve, resolveText, Values } from '../../../bin/vm/intrinsics';

const values: Values = {
  ref: (id) => `ref(${id})`,
  attribute: (id, name) => `att(${id}.${name})`,
};

test.each<[string, unknown, unknown]>([
  ['plain values', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
  ['Ref', { Ref: 'Vpc' }, 'ref(Vpc)'],
  ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'att(Role.Arn)'],
  ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Role.Arn' }, 'att(Role.Arn)'],
  ['Fn::Join over functions', { 'Fn::Join': ['-', ['a', { Ref: 'B' }, 'c']] }, 'a-ref(B)-c'],
  ['Fn::Join over a function that gives a list', { 'Fn::Join': ['/', { 'Fn::Split': [',', 'a,b'] }] }, 'a/b'],
  ['Fn::Select', { 'Fn::Select': ['1', { 'Fn::Split': [',', 'a,b,c'] }] }, 'b'],
  ['Fn::Sub', { 'Fn::Sub': 'https://s3.${AWS::Region}.x/${Bucket.Name}' }, 'https://s3.ref(AWS::Region).x/att(Bucket.Name)'],
  ['Fn::Sub with its own variables', { 'Fn::Sub': ['${mine}-${Theirs}', { mine: { Ref: 'A' } }] }, 'ref(A)-ref(Theirs)'],
  ['Fn::Sub with a literal', { 'Fn::Sub': 'echo ${!HOME}' }, 'echo ${HOME}'],
  ['Fn::Base64', { 'Fn::Base64': { 'Fn::Join': ['', ['#!', '/bin/sh']] } }, Buffer.from('#!/bin/sh').toString('base64')],
  ['an object that only looks like a function', { Ref: 'A', b: 1 }, { Ref: 'A', b: 1 }],
])('evaluates %s', (_, value, expected) => {
  expect(resolve(value, values)).toEqual(expected);
});

test('fails over a function it does not know, instead of guessing', () => {
  expect(() => resolve({ a: [{ 'Fn::ImportValue': 'x' }] }, values)).toThrow(/Fn::ImportValue/);
});

test('fails where text belongs and there is none', () => {
  expect(() => resolveText(['a'], values)).toThrow(/where text belongs/);
});
