// Checked, never run or published: the JavaScript is what index.d.ts says, where `@implements` does not tell.
import type * as declared from "./index.js";
import * as client from "./client.js";
import * as errors from "./errors.js";
import * as format from "./format.js";
import * as local from "./local.js";
import type * as table from "./table.js";

type Connected = Promise<Omit<declared.Lakeglass, "addEventListener">>;
export const connect: (...options: Parameters<typeof declared.Lakeglass.connect>) => Connected = client.Lakeglass.connect;
export const lakeglassError: typeof declared.LakeglassError = errors.LakeglassError;
export const errorCodes: typeof declared.ERROR_CODES = errors.ERROR_CODES;
export const formatValue: typeof declared.formatValue = format.formatValue;
export const localFolder: typeof declared.localFolder = local.localFolder;
export const lakeTable = (made: table.LakeTable): declared.LakeTable => made;
