// The part of the Arrow library that the package uses; `npm run build:arrow` bundles it into pkg/arrow.js.
export { DateUnit, IntervalUnit, Precision, TimeUnit, Type, tableFromArrays, tableFromIPC, tableToIPC } from "@uwdata/flechette";
