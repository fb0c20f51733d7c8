using MassTransit;

namespace StableDiffusion.Worker.Reports;

/// <summary>
/// The connection that reports leave by. A bus with receive endpoints comes back from a broker's death only when every
/// consumer has left the deliveries that were lost with it; here consumers stay in theirs until their reports are through,
/// so these need a connection that waits for nobody.
/// </summary>
public interface IReportBus : IBus;
