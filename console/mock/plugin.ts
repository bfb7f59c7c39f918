import type { Plugin } from 'vite'
import { answer } from './answers'

/** `npm run dev` without a daemon: made-up answers. Only the development server has it; nothing of it is built. */
export function mockDaemon(): Plugin {
  return {
    name: 'mock-daemon',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/api/v1', (request, response) => {
        let body = ''
        request.on('data', (piece: Buffer) => (body += piece.toString()))
        request.on('end', () => {
          const url = new URL(request.url ?? '/', 'http://mock')
          const given = answer(request.method ?? 'GET', url, body)
          response.statusCode = given.status
          for (const [name, value] of Object.entries(given.headers ?? {})) response.setHeader(name, value)
          response.setHeader('content-type', given.status >= 400 ? 'application/problem+json' : 'application/json')
          response.end(given.body === undefined ? '' : JSON.stringify(given.body))
        })
      })
    },
  }
}
