import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const here = dirname(fileURLToPath(import.meta.url))

/** The folder of the package that a file comes from. */
function packageOf(file: string): string | undefined {
  const found = file.replace(/^\0/, '').match(/^(.*\/node_modules\/(?:@[^/]+\/)?[^/?]+)/)
  return found?.[1]
}

/** licenses.txt: the terms of everything that others wrote and that is in the pages, from the packages themselves. */
export function licenses(fonts: string[]): Plugin {
  return {
    name: 'licenses',
    apply: 'build',
    generateBundle(_options, bundle) {
      const folders = new Set(fonts.map((name) => join(here, 'node_modules', name)))
      for (const piece of Object.values(bundle)) {
        if (piece.type !== 'chunk') continue
        for (const [id, module] of Object.entries(piece.modules)) {
          const folder = packageOf(id)
          if (folder && module.renderedLength > 0) folders.add(folder)
        }
      }
      const parts = [...folders].sort().map((folder) => {
        const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string }
        const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
        const terms = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : ''
        return `${about.name} ${about.version} (${about.license ?? 'see its home'})\n\n${terms}`
      })
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: parts.join(`\n\n${'-'.repeat(80)}\n\n`) + '\n' })
    },
  }
}
