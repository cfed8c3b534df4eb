/** The page's texts in English. `zh.js` has the same keys. */

import live from "./en/live.js";
import pages from "./en/pages.js";
import shared from "./en/shared.js";
import start from "./en/start.js";

export default { ...shared, ...live, ...start, ...pages };
