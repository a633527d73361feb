declare module "*.css";
declare const __WORKER__: string;
declare const __WASM__: string;
declare const __VERSION__: string;
declare const __SAMPLES__: Record<string, string>;
declare const __FILES__: string[];
declare const __CACHE__: string;
