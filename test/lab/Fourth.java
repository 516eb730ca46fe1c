import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** Java programs of the fourth blind set: the JDK's own servers and clients. First argument: which. */
class Fourth {
  static String[] args;

  static int number(int i) {
    return Integer.parseInt(args[i]);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  interface Work {
    void run() throws Exception;
  }

  static void inThread(Work work) {
    new Thread(() -> attempt(work)).start();
  }

  /** Every failure is what the scenario wants to see. */
  static void attempt(Work work) {
    try {
      work.run();
    } catch (Exception e) {
      System.err.println(e);
    }
  }

  static void drop(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** hung ADDRESS PORT BACKLOG: listens and accepts nothing. */
  static void hung() throws Exception {
    try (ServerSocket listener = new ServerSocket(number(2), number(3), InetAddress.getByName(args[1]))) {
      Thread.sleep(60_000);
      listener.accept();
    }
  }

  /** idle ADDRESS PORT MS: answers lines, except REPORT; a session silent for so long is dropped with SO_LINGER 0. */
  static void idle() throws Exception {
    serve((socket, in, out) -> {
      socket.setSoTimeout(number(3));
      byte[] piece = new byte[4096];
      try {
        for (int n = in.read(piece); n > 0; n = in.read(piece))
          if (piece[0] != 'R') out.write(bytes("+OK 17 ready\r\n"));
        socket.close();
      } catch (SocketTimeoutException silent) {
        drop(socket);
      }
    });
  }

  /** aged ADDRESS PORT MS: answers lines; every connection is dropped at this age, busy or not. */
  static void aged() throws Exception {
    serve((socket, in, out) -> {
      inThread(() -> {
        Thread.sleep(number(3));
        drop(socket);
      });
      byte[] piece = new byte[4096];
      while (in.read(piece) > 0) out.write(bytes("+OK 17 ready\r\n"));
      socket.close();
    });
  }

  /** pour ADDRESS PORT MS: sends without end; a reader that takes nothing for so long is dropped. */
  static void pour() throws Exception {
    serve((socket, in, out) -> {
      long[] moved = {System.nanoTime()};
      inThread(() -> {
        while (System.nanoTime() - moved[0] < number(3) * 1_000_000L) Thread.sleep(20);
        drop(socket);
      });
      byte[] piece = bytes("0123456789 lorem ipsum dolor sit amet\n".repeat(40));
      while (true) {
        out.write(piece);
        moved[0] = System.nanoTime();
      }
    });
  }

  interface Session {
    void run(Socket socket, InputStream in, OutputStream out) throws Exception;
  }

  static void serve(Session session) throws Exception {
    try (ServerSocket listener = new ServerSocket(number(2), 50, InetAddress.getByName(args[1]))) {
      while (true) {
        Socket socket = listener.accept();
        inThread(() -> session.run(socket, socket.getInputStream(), socket.getOutputStream()));
      }
    }
  }

  /** http ADDRESS PORT: the JDK's web server, one thread for all; /halt ends the virtual machine after 0.7 s. */
  static void http() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(args[1]), number(2)), 50);
    server.createContext("/", exchange -> {
      byte[] body = bytes("fine\n");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.createContext("/halt", exchange -> attempt(() -> {
      Thread.sleep(700);
      Runtime.getRuntime().halt(134);
    }));
    server.createContext("/upload", exchange -> {
      exchange.sendResponseHeaders(413, -1);
      exchange.close();
    });
    server.start();
  }

  /** connect HOST PORT TIMEOUT-MS COUNT EVERY-MS */
  static void connect() throws Exception {
    for (int i = 0; i < number(4); i++) {
      try (Socket socket = new Socket()) {
        attempt(() -> socket.connect(new InetSocketAddress(args[1], number(2)), number(3)));
      }
      Thread.sleep(number(5));
    }
  }

  /** get URL COUNT EVERY-MS: java.net.http on kept connections. */
  static void get() throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    for (int i = 0; i < number(2); i++) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(args[1])).build();
      attempt(() -> System.err.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode()));
      Thread.sleep(number(3));
    }
    System.exit(0);
  }

  /** abort HOST PORT PATH COUNT MS: asks, reads for so long, and drops the connection with SO_LINGER 0. */
  static void abort() throws Exception {
    for (int i = 0; i < number(4); i++) {
      Socket socket = new Socket(args[1], number(2));
      socket.getOutputStream().write(bytes("GET " + args[3] + " HTTP/1.1\r\nHost: lab.example\r\n\r\n"));
      socket.setSoTimeout(50);
      long end = System.nanoTime() + number(5) * 1_000_000L;
      byte[] piece = new byte[65536];
      while (System.nanoTime() < end) {
        try {
          if (socket.getInputStream().read(piece) < 0) break;
        } catch (SocketTimeoutException nothing) {
          continue;
        }
      }
      drop(socket);
      Thread.sleep(300);
    }
  }

  /** leave URL COUNT BYTES: HttpURLConnection.disconnect in the middle of a body, or before the answer. */
  static void leave() throws Exception {
    for (int i = 0; i < number(2); i++) {
      HttpURLConnection connection = (HttpURLConnection) URI.create(args[1]).toURL().openConnection();
      connection.setReadTimeout(800);
      attempt(() -> connection.getInputStream().readNBytes(number(3)));
      connection.disconnect();
      Thread.sleep(900);
    }
  }

  public static void main(String[] words) throws Exception {
    args = words;
    Fourth.class.getDeclaredMethod(words[0]).invoke(null);
  }
}
