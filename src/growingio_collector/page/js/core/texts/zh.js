/** 页面的中文文案，键与 `en.js` 相同。 */

import live from "./zh/live.js";
import pages from "./zh/pages.js";
import shared from "./zh/shared.js";
import start from "./zh/start.js";

export default { ...shared, ...live, ...start, ...pages };
