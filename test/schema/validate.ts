/** The published JSON Schema as check functions. */
import fs from 'node:fs'
import path from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'

export const SCHEMA_FILE = path.resolve(import.meta.dirname, '../../src/report/schema/report.schema.json')

const schema = JSON.parse(fs.readFileSync(SCHEMA_FILE, 'utf8'))
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
ajv.addSchema(schema)

const report = ajv.getSchema(schema.$id)!
const line = ajv.getSchema(`${schema.$id}#/$defs/line`)!

/** What is wrong with a report as `--format json` writes it; undefined when nothing is. */
export function reportDefect(value: unknown): string | undefined {
  return defect(report, value)
}

/** What is wrong with one parsed line of `--format ndjson`; undefined when nothing is. */
export function lineDefect(value: unknown): string | undefined {
  return defect(line, value)
}

function defect(validate: ValidateFunction, value: unknown): string | undefined {
  return validate(value) ? undefined : (validate.errors ?? []).map(words).slice(0, 5).join('; ')
}

function words({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || 'the whole'} ${message} ${JSON.stringify(params)}`
}
