#!/usr/bin/env node
import module from 'node:module'

// From Node 22.8 on compiled code is kept between runs, in the temporary folder; without a place for it nothing is lost.
module.enableCompileCache?.()

const { main } = await import('../dist/command.js')
process.exitCode = await main(process.argv.slice(2))
