// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.nio.ByteOrder;
import org.agrona.IoUtil;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Reads what the handler {@code ring} wrote, with Agrona's own ring and nothing of ours: kb-gen's
 * messages to a port, numbered one after the other, from 0 again after each RUN of them, which it
 * tells. Usage: RingReader FILE MESSAGES PORT RUN
 */
final class RingReader
{
    private static final int MESSAGE_TYPE = 1;
    private static final int PREFIX = 16; // receive time, source address, source port, destination port
    private static final int KBG1 = 0x3147424b;
    private static final long PATIENCE_NS = 30_000_000_000L;

    private long count;
    private long next = -1;
    private final int port;
    private final long run;

    private RingReader(final int port, final long run)
    {
        this.port = port;
        this.run = run;
    }

    private void onMessage(final int type, final org.agrona.MutableDirectBuffer buffer, final int index, final int length)
    {
        final long sequence = buffer.getLong(index + PREFIX + 8, ByteOrder.LITTLE_ENDIAN);
        expect("type", MESSAGE_TYPE, type);
        expect("magic", KBG1, buffer.getInt(index + PREFIX, ByteOrder.LITTLE_ENDIAN));
        expect("length", PREFIX + 288, length);
        expect("port", port, buffer.getShort(index + 14, ByteOrder.LITTLE_ENDIAN) & 0xffff);
        if (next >= 0)
        {
            expect("sequence number", next, sequence);
        }
        next = (sequence + 1) % run;
        if (++count % run == 0)
        {
            System.out.println("read " + count);
        }
    }

    private void expect(final String what, final long wanted, final long got)
    {
        if (wanted != got)
        {
            throw new IllegalStateException(what + " of message " + count + " is " + got + ", not " + wanted);
        }
    }

    public static void main(final String[] args)
    {
        final OneToOneRingBuffer ring = new OneToOneRingBuffer(
            new UnsafeBuffer(IoUtil.mapExistingFile(new File(args[0]), "ring")));
        final long wanted = Long.parseLong(args[1]);
        final RingReader reader = new RingReader(Integer.parseInt(args[2]), Long.parseLong(args[3]));
        final MessageHandler handler = reader::onMessage;
        final long until = System.nanoTime() + PATIENCE_NS;

        System.out.println("reading " + ring.capacity());
        while (reader.count < wanted && System.nanoTime() < until)
        {
            if (ring.read(handler) == 0)
            {
                Thread.onSpinWait();
            }
        }
        System.out.println(reader.count + " messages, " + ring.size() + " bytes left");
        System.exit(reader.count == wanted ? 0 : 1);
    }
}
