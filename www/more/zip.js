export { BlobReader, ZipReader } from "@zip.js/zip.js/index-native.js";
