// Writes the examples into dist/examples/: those of React and Vue are compiled, the others are there as they stand.
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { build } from "esbuild";
import { compileScript, parse } from "vue/compiler-sfc";

const at = path => new URL(path, import.meta.url).pathname;
const isServed = path => basename(path) !== "templates" && ["", ".html", ".css", ".js"].includes(extname(path));

/** As @vitejs/plugin-vue does, so that no template is compiled in the browser, which would need 'unsafe-eval'. */
const vue = {
  name: "vue",
  setup: ({ onLoad }) => onLoad({ filter: /\.vue$/ }, ({ path }) => {
    const { descriptor, errors } = parse(readFileSync(path, "utf8"), { filename: path });
    if (errors.length) return { errors: errors.map(({ message }) => ({ text: message })) };
    const compilerOptions = { isCustomElement: tag => tag === "clickfold-view" };
    return { contents: compileScript(descriptor, { id: path, inlineTemplate: true, templateOptions: { compilerOptions } }).content, loader: "js" };
  }),
};

/** @param {string} dist */
export async function buildExamples(dist) {
  const to = dist + "examples/";
  for (const folder of ["plain", "react", "vue", "django-admin", "wordpress"]) cpSync(at(folder), to + folder, { recursive: true, filter: isServed });
  cpSync(at("index.html"), to + "index.html");
  mkdirSync(to + "data");
  for (const name of ["otto.csv", "ecom.csv.gz"]) cpSync(at("../sample/" + name), to + "data/" + name);
  await build({
    entryPoints: { "react/main": at("react/main.jsx"), "vue/main": at("vue/main.mjs") }, outdir: to, bundle: true, minify: true, format: "esm", target: "es2022",
    jsx: "automatic", plugins: [vue], logLevel: "warning", legalComments: "eof",
    define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  });
}
