// SPDX-License-Identifier: Apache-2.0
import { DataPlane, LatencyDashboard, LowLatencyFleet, MulticastDomain } from '../../lib';
import { demoStack, feedStack } from './fixtures/stack';

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

test('construct paths of a fleet stay as they are', () => {
  const { stack, vpc } = demoStack();
  const fleet = new LowLatencyFleet(stack, 'Feeds', { vpc, dataPlane: DataPlane.afXdp() });
  const paths = fleet.node.findAll().map(construct => construct.node.path).sort();
  expect(paths).toMatchInlineSnapshot(`
[
  "Demo/Feeds",
  "Demo/Feeds/DataSecurityGroup",
  "Demo/Feeds/DataSecurityGroup/Resource",
  "Demo/Feeds/HealthPolicy",
  "Demo/Feeds/HealthPolicy/Resource",
  "Demo/Feeds/HostAsset",
  "Demo/Feeds/LaunchTemplate",
  "Demo/Feeds/LaunchTemplate/Profile",
  "Demo/Feeds/LaunchTemplate/Resource",
  "Demo/Feeds/ManagementSecurityGroup",
  "Demo/Feeds/ManagementSecurityGroup/Resource",
  "Demo/Feeds/PlacementGroup",
  "Demo/Feeds/PlacementGroup/Resource",
  "Demo/Feeds/Ready",
  "Demo/Feeds/ReadyHandle",
  "Demo/Feeds/Resource",
  "Demo/Feeds/Resource/ASG",
  "Demo/Feeds/Role",
  "Demo/Feeds/Role/DefaultPolicy",
  "Demo/Feeds/Role/DefaultPolicy/Resource",
  "Demo/Feeds/Role/Resource",
]
`);
});

test('construct paths of a multicast domain stay as they are', () => {
  const { stack, vpc } = demoStack();
  const domain = new MulticastDomain(stack, 'Multicast', { vpc });
  const paths = domain.node.findAll().map(construct => construct.node.path).sort();
  expect(paths).toMatchInlineSnapshot(`
[
  "Demo/Multicast",
  "Demo/Multicast/Association1",
  "Demo/Multicast/Attachment",
  "Demo/Multicast/Resource",
  "Demo/Multicast/TransitGateway",
]
`);
});
