export default {
  "start.title": "Nothing received yet",
  "start.text": "Give a GrowingIO client the address above as its server host. What it sends shows here at once.",
  "id.project": "Project id",
  "id.source": "Data source id",
  "snippet.minip": "Mini-program",
  test: "Send a test event",
  "test.text": "This page posts one event itself, as a client would.",
  "test.from": "this page",
  "note.upstream": "BufferedConsumer sends only when 500 events wait, or at flush().",
  "note.java":
    "Start the collector first: the SDK tries the address once, and never sends when that fails. run.mode=test sends nothing.",
  "note.php":
    "The PHP SDK ignores the port of the host. Start growingio collector --port 80 as well, and keep debug off: with it, nothing is sent.",
  "note.web":
    "A page from a public https site asks for access to the local network first; allow it. Pages on localhost need the first line.",
  "note.minip":
    "In the developer tools, switch off the check of domain names. On a phone, use this computer's network address.",
  why: "Not arriving?",
  "why.debug": "Debug mode is on",
  "why.debug.text": "PHP and Qt send nothing in debug mode, Java nothing with run.mode=test.",
  "why.buffered": "The events are still in the buffer",
  "why.buffered.text":
    "A buffered Python consumer waits for 500 events by default. Call flush(), or end the program properly.",
  "why.host": "The host is not this address",
  "why.host.text": "It is the scheme, host and port from above, without a path.",
  "why.scheme": "https instead of http",
  "why.scheme.text": "The address above is the one that answers. TLS needs --tls PORT.",
  "why.proxy": "A proxy takes the request",
  "why.proxy.text": "Set NO_PROXY=127.0.0.1,localhost for the program that sends.",
  "why.container": "The program runs in a container or on a phone",
  "why.container.text":
    "127.0.0.1 is the container itself there. Use host.docker.internal or this computer's address, and start with --bind 0.0.0.0.",
  "why.local": "The Web SDK does not start on localhost",
  "why.local.text": "Set window._gr_ignore_local_rule = true before gdp('init', …).",
  "why.permission": "The browser blocks the local network",
  "why.permission.text": "Chrome asks on pages of public https sites. Allow it in the site's settings.",
};
