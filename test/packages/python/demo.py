# SPDX-License-Identifier: Apache-2.0
from aws_cdk import App, Stack
from aws_cdk.aws_ec2 import Peer, Port, Vpc
from cdk_kernel_bypass import DataPlane, LatencyDashboard, LowLatencyInstance, UdpFlow

app = App()
stack = Stack(app, "Demo")
feed = LowLatencyInstance(
    stack, "Feed",
    vpc=Vpc(stack, "Vpc"),
    data_plane=DataPlane.af_xdp(flows=[UdpFlow.port(9000)]),
)
feed.connections.allow_from(Peer.ipv4("10.1.0.0/16"), Port.udp(9000))
LatencyDashboard(stack, "Dashboard", instances=[feed])
app.synth()
