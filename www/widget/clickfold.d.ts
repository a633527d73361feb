/** Beside widget.js in the built folder: the engine, which is not bundled a second time. */
export * from "../clickfold.js";
