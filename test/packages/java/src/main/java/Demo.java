// SPDX-License-Identifier: Apache-2.0
import io.github.cdkkernelbypass.AfXdpDataPlaneOptions;
import io.github.cdkkernelbypass.DataPlane;
import io.github.cdkkernelbypass.LatencyDashboard;
import io.github.cdkkernelbypass.LowLatencyInstance;
import io.github.cdkkernelbypass.UdpFlow;
import java.util.List;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.ec2.Peer;
import software.amazon.awscdk.services.ec2.Port;
import software.amazon.awscdk.services.ec2.Vpc;

public class Demo {
  public static void main(String[] args) {
    App app = new App();
    Stack stack = new Stack(app, "Demo");
    LowLatencyInstance feed = LowLatencyInstance.Builder.create(stack, "Feed")
        .vpc(new Vpc(stack, "Vpc"))
        .dataPlane(DataPlane.afXdp(AfXdpDataPlaneOptions.builder().flows(List.of(UdpFlow.port(9000))).build()))
        .build();
    feed.getConnections().allowFrom(Peer.ipv4("10.1.0.0/16"), Port.udp(9000));
    LatencyDashboard.Builder.create(stack, "Dashboard").instances(List.of(feed)).build();
    app.synth();
  }
}
