/** Code to copy, with this collector's address and the given ids filled in. */

/**
 * @typedef {{host: string, project: string, source: string}} Ids `host` has scheme and port
 * @typedef {{id: string, label: string, note: string|null, file: string,
 *   code: (ids: Ids) => string}} Snippet `label` and `note` are keys of texts
 */

const python = ({ host, project, source }) => `from growingio_tracker import GrowingTracker

with GrowingTracker("${project}", "${source}", "${host}") as tracker:
    tracker.track_custom_event(
        "order_paid", login_user_id="user-1", attributes={"price": "15.5"}
    )
`;

const upstream = ({ host, project, source }) => `from growingio_tracker import GrowingTracker

tracker = GrowingTracker("${project}", "${source}", "${host}")
tracker.track_custom_event(
    "order_paid", login_user_id="user-1", attributes={"price": "15.5"}
)
`;

const java = ({ host, project, source }) => `# gio.properties
api.host=${host}
project.id=${project}
run.mode=production

// Java
GrowingAPI api = new GrowingAPI.Builder()
    .setProjectKey("${project}")
    .setDataSourceId("${source}")
    .build();
api.send(new GioCdpEventMessage.Builder()
    .eventKey("order_paid")
    .loginUserId("user-1")
    .addEventVariable("price", "15.5")
    .build());
`;

const go = ({ host, project, source }) => `package main

import sdk "github.com/growingio/growingio-sdk-go"

func main() {
	sdk.InitAnalytics(&sdk.Config{
		SdkConfig:  sdk.SdkConfig{AccountId: "${project}", DataSourceId: "${source}"},
		HttpConfig: sdk.HttpConfig{ServerHost: "${host}", RequestTimeout: 5},
	})
	event := sdk.NewCustomEvent("order_paid").WithLoginUserId("user-1")
	event.Attributes = map[string]interface{}{"price": 15.5}
	sdk.TrackCustomEvent(event)
}
`;

const php = ({ host, project, source }) => `<?php
use com\\growingio\\GrowingIO;
require 'vendor/autoload.php';

$host = '${withoutPort(host)}';  // the port is ignored: http means 80
$gio = GrowingIO::getInstance('${project}', $host, '${source}', array('debug' => false));
$gio->track('user-1', 'order_paid', array('price' => '15.5'));
`;

const web = ({ host, project, source }) => `<script>
  // Without this line the SDK does not start on localhost.
  window._gr_ignore_local_rule = true;
  !(function (e, n, t, c, i) {
    e[i] = e[i] || function () { (e[i].q = e[i].q || []).push(arguments); };
    t = n.createElement('script');
    t.async = 1; t.src = c; n.head.appendChild(t);
  })(window, document, 'script', 'https://assets.giocdn.com/sdk/webjs/gdp-full.js', 'gdp');
  gdp('init', '${project}', '${source}', { serverUrl: '${host}' });
  gdp('setUserId', 'user-1');
  gdp('track', 'order_paid', { price: '15.5' });
</script>
`;

const miniProgram = ({ host, project, source }) => `// app.js, before App({ … })
import gdp from './utils/gio/gio-wechat.js';

gdp('init', '${project}', '${source}', 'your AppId', {
  version: '1.0.0',
  serverUrl: '${host}',
});
gdp('track', 'order_paid', { price: '15.5' });
`;

const curl = ({ host, project, source }) => `curl '${host}/v3/projects/${project}/collect' \\
  -H 'Content-Type: application/json' \\
  -d '[{"eventType":"CUSTOM","eventName":"order_paid","userId":"user-1","timestamp":'"$(date +%s)000"',
       "dataSourceId":"${source}","attributes":{"price":"15.5"}}]'
`;

const withoutPort = (host) => host.replace(/:\d+$/, "");

/** @type {Snippet[]} */
export const SNIPPETS = [
  { id: "python", label: "Python", note: null, file: "app.py", code: python },
  { id: "upstream", label: "Python 1.0.5", note: "note.upstream", file: "app.py", code: upstream },
  { id: "java", label: "Java", note: "note.java", file: "gio.properties", code: java },
  { id: "go", label: "Go", note: null, file: "main.go", code: go },
  { id: "php", label: "PHP", note: "note.php", file: "app.php", code: php },
  { id: "web", label: "Web", note: "note.web", file: "index.html", code: web },
  { id: "minip", label: "snippet.minip", note: "note.minip", file: "app.js", code: miniProgram },
  { id: "curl", label: "curl", note: null, file: "", code: curl },
];
