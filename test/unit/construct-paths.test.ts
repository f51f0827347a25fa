// SPDX-License-Identifier: Apache-2.0
import { LatencyDashboard } from '../../lib';
import { feedStack } from './fixtures/stack';

/*
 * Construct paths become logical ids: a renamed path replaces the user's instance. Changing this list is a breaking
 * change.
 */
test('construct paths stay as they are', () => {
  const { stack, feed } = feedStack();
  const dashboard = new LatencyDashboard(stack, 'Dashboard', { instances: [feed] });
  const paths = [feed, dashboard].flatMap(construct => construct.node.findAll()).map(construct => construct.node.path).sort();
  expect(paths).toMatchInlineSnapshot(`
[
  "Demo/Dashboard",
  "Demo/Dashboard/Resource",
  "Demo/Dashboard/Resource/Resource",
  "Demo/Feed",
  "Demo/Feed/DataSecurityGroup",
  "Demo/Feed/DataSecurityGroup/Resource",
  "Demo/Feed/HostAsset",
  "Demo/Feed/HostAsset/AssetBucket",
  "Demo/Feed/HostAsset/Stage",
  "Demo/Feed/LaunchTemplate",
  "Demo/Feed/LaunchTemplate/Profile",
  "Demo/Feed/LaunchTemplate/Resource",
  "Demo/Feed/ManagementSecurityGroup",
  "Demo/Feed/ManagementSecurityGroup/Resource",
  "Demo/Feed/PlacementGroup",
  "Demo/Feed/PlacementGroup/Resource",
  "Demo/Feed/Ready",
  "Demo/Feed/ReadyHandle",
  "Demo/Feed/Resource",
  "Demo/Feed/Role",
  "Demo/Feed/Role/DefaultPolicy",
  "Demo/Feed/Role/DefaultPolicy/Resource",
  "Demo/Feed/Role/Resource",
]
`);
});
