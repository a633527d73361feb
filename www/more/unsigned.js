/** In place of what signs with keys, where nothing is signed. */
export default {};
