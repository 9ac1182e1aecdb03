// SPDX-License-Identifier: Apache-2.0
// part of java.sh
import java.util.ArrayList;
import java.util.List;

public class Java {
    static long work(int n) {
        long x = 1;
        for (int i = 0; i < n; i++) x = x * 1103515245L + 12345;
        return x;
    }

    public static void main(String[] arguments) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                work(30_000_000);
                List<byte[]> garbage = new ArrayList<>();
                for (int k = 0; k < 200; k++) garbage.add(new byte[10_000]);
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) thread.join();
        try {
            String nothing = arguments.length > 5 ? "" : null;
            System.out.println(nothing.length());
        } catch (NullPointerException error) {
            System.out.println("caught");
        }
        Process child = new ProcessBuilder("sh", "-c", "echo child; exit 3").inheritIO().start();
        System.out.println("child " + child.waitFor());
        Thread.sleep(30);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        System.exit(7);
    }
}
