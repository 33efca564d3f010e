// Says what of the AsyncAPI document on standard input its official schema does not allow.
const Ajv = require("ajv");
const formats = require("ajv-formats");
const schema = require("@asyncapi/specs/schemas/3.0.0-without-$id.json");

const ajv = new Ajv({ strict: false, allErrors: true, logger: false, meta: false });
ajv.addMetaSchema(require("ajv/dist/refs/json-schema-draft-07.json"));
formats(ajv);
const validate = ajv.compile(schema);
validate(JSON.parse(require("fs").readFileSync(0, "utf-8")));
console.log(JSON.stringify((validate.errors || []).map((e) => `${e.instancePath} ${e.message}`)));
