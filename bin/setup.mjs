/**
 * Makes a clone ready to run: installs what package-lock.json names when that is newer than node_modules, and compiles
 * src/ when it is newer than dist/. The command is bundled besides: loading some two hundred modules one by one took
 * twice the processor time of everything else in a small analysis. Runs before `npm start` and `npm test` and as `prepare` of `npm ci`, `npm pack` and
 * `npm install -g .`; when all is up to date it only looks at file times. Plain JavaScript without dependencies,
 * because it has to run before there are any.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const at = (...parts) => join(root, ...parts)
const BUILT = at('.cache', 'built')
const LOCK = at('.cache', 'setup.lock')
const BUILT_CAP = ['node_modules', 'cap', 'build', 'Release', 'cap.node']

/** npm settings of the command around this one that must not reach the installation inside the clone. */
const NOT_INHERITED =
  /^npm_config_(global|location|prefix|local_prefix|dry_run|omit|include|only|production|package_lock_only)$/i

// The npm started below has scripts switched off; should another one come back here all the same, it ends at once.
if (process.env.RST_ANALYZE_SETUP !== '1' && (needsInstall() || needsBuild())) exclusively(bringUpToDate)

function bringUpToDate() {
  if (needsInstall()) install()
  if (needsBuild()) build()
}

function needsInstall() {
  const installed = mtime(at('node_modules', '.package-lock.json'))
  // npm writes both files within moments of each other, in either order.
  return (
    mtime(at('package-lock.json')) > installed + 5000 ||
    (needsBuild() && !(existsSync(compiler()) && existsSync(bundler())))
  )
}

function needsBuild() {
  if (!existsSync(at('dist', 'command.js'))) return true
  const built = mtime(BUILT)
  const others = ['tsconfig.json', 'package-lock.json', join('bin', 'setup.mjs')]
  return newest(at('src')) > built || others.some(name => mtime(at(name)) > built)
}

function install() {
  console.error('rst-analyze: installing dependencies (npm ci)')
  const hadCap = existsSync(at(...BUILT_CAP))
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !NOT_INHERITED.test(key)))
  const npm = process.env.npm_execpath
  const own = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const words = [
    'ci',
    '--global=false',
    '--ignore-scripts',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const call = (what, words) =>
    run(what, own ? process.execPath : 'npm', own ? [npm, ...words] : words, {
      env: { ...env, RST_ANALYZE_SETUP: '1' },
    })
  call('npm ci', words)
  if (hadCap) rebuildCap(call)
}

/** The one package that is compiled: `npm ci` without install scripts has just taken away what was built. */
function rebuildCap(call) {
  try {
    call('npm rebuild cap', [
      'rebuild',
      'cap',
      '--global=false',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ])
  } catch (error) {
    console.error(
      `rst-analyze: setup: ${error.message}; \`live\` needs tcpdump or dumpcap until \`npm rebuild cap\` succeeds`,
    )
  }
}

/** Compiles beside dist/ and swaps: a running `npm start` never sees half a build, and modules deleted from src/ vanish. */
function build() {
  const started = new Date()
  const fresh = at('.cache', `dist-${process.pid}`)
  const old = at('.cache', `old-${process.pid}`)
  try {
    run('tsc', process.execPath, [compiler(), '-p', at('tsconfig.json'), '--outDir', fresh], {
      env: process.env,
    })
    bundle(fresh)
    if (existsSync(at('dist'))) renameSync(at('dist'), old)
    renameSync(fresh, at('dist'))
    writeFileSync(BUILT, '')
    // What was edited while the compiler ran is newer than the build.
    utimesSync(BUILT, started, started)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
}

/**
 * The command as a few files beside the library: dist/command.js loads chunks as it needs them, dist/analyser.js and
 * dist/engine-cap.js are what `live` starts, dist/thread.js is what threads run. They stand one level below the root, where version.ts looks for package.json.
 */
function bundle(folder) {
  // Its API, not its command: an install script, where one may run, puts a native program in the command's place.
  const { buildSync } = createRequire(import.meta.url)('esbuild')
  buildSync({
    absWorkingDir: folder,
    entryPoints: {
      command: join('cli', 'main.js'),
      analyser: join('cli', 'analyser.js'),
      'engine-cap': join('live', 'engine-cap.js'),
      thread: join('threads', 'thread.js'),
    },
    entryNames: '[name]',
    chunkNames: 'chunk-[hash]',
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    // Commander and cli-table3 are CommonJS: they require node's own modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  })
}

function run(what, program, words, { env }) {
  const shell = process.platform === 'win32' && program === 'npm'
  // Output goes to standard error: standard output belongs to the command that is being prepared (npm pack --json).
  const { status, error } = spawnSync(program, words, { cwd: root, env, shell, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  throw new Error(`${what} failed${error ? `: ${error.message}` : ''}`)
}

/** One at a time: `npm start` and `npm test` may be started together on a fresh clone. */
function exclusively(work) {
  mkdirSync(at('.cache'), { recursive: true })
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  try {
    work()
  } catch (error) {
    console.error(`rst-analyze: setup: ${error.message}`)
    process.exitCode = 1
  } finally {
    rmSync(LOCK, { force: true })
  }
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (isAbandoned()) rmSync(LOCK, { force: true })
    return false
  }
}

function isAbandoned() {
  try {
    const owner = Number(readFileSync(LOCK, 'utf8'))
    // An empty file was created a moment ago and gets its number next; after ten seconds it will not.
    if (!owner) return Date.now() - mtime(LOCK) > 10_000
    process.kill(owner, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function compiler() {
  return at('node_modules', 'typescript', 'bin', 'tsc')
}

function bundler() {
  return at('node_modules', 'esbuild', 'lib', 'main.js')
}

/** Newest change in a folder; folders count too, for a deleted file shows only there. */
function newest(folder) {
  let latest = mtime(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : mtime(path))
  }
  return latest
}

function mtime(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
