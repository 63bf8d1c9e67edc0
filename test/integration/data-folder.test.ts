import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  DataFolderError,
  FolderInUseError,
  openDataFolder,
  readOrCreateSecret,
  readSecret,
  writeSecret,
} from '../../src/io/data-folder.ts';
import { holdDataFolder } from '../support/held-data-folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'slotwright-folder-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe('the data folder', () => {
  test('is made for its owner alone', async () => {
    const { path: folder, lock } = await openDataFolder(path.join(parent, 'deep', 'data'));
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    await lock.release();
  });

  test('that is a file stops the start with one line', async () => {
    const file = path.join(parent, 'file');
    await writeFile(file, '');
    await assert.rejects(openDataFolder(file), (error: Error) => {
      assert.ok(error instanceof DataFolderError);
      assert.match(error.message, /^data folder .*\/file cannot be used: EEXIST$/);
      return true;
    });
  });

  test('is refused to a second process, which is told the folder and the holder', async () => {
    const folder = path.join(parent, 'data');
    const holder = holdDataFolder(folder, 'lock');
    await holder.says('holds');
    await assert.rejects(openDataFolder(folder), (error: Error) => {
      assert.ok(error instanceof FolderInUseError);
      assert.equal(error.message, `data folder ${folder} is in use by process ${holder.pid}`);
      return true;
    });
    await holder.kill();
  });

  test('is free as soon as its holder was killed', async () => {
    const folder = path.join(parent, 'data');
    const holder = holdDataFolder(folder, 'lock');
    await holder.says('holds');
    await holder.kill();
    await (await openDataFolder(folder)).lock.release();
  });

  test('is one folder by whatever path', { skip: process.platform !== 'linux' }, async () => {
    const { path: folder, lock } = await openDataFolder(path.join(parent, 'data'));
    await symlink(folder, path.join(parent, 'link'));
    await assert.rejects(openDataFolder(path.join(parent, 'link')), FolderInUseError);
    await lock.release();
  });

  test('is waited for while its holder is stopping', async () => {
    const folder = path.join(parent, 'data');
    const first = await openDataFolder(folder);
    first.lock.markStopping();
    let entered = false;
    const second = openDataFolder(folder).then((opened) => {
      entered = true;
      return opened;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(entered, false);
    await first.lock.release();
    await (await second).lock.release();
  });
});

describe('a secret', () => {
  test('is made once, readable for its owner alone, and kept', async () => {
    const make = (): string => 'first';
    assert.equal(await readOrCreateSecret(parent, 'key', make), 'first');
    assert.equal(await readOrCreateSecret(parent, 'key', () => 'second'), 'first');
    assert.equal((await stat(path.join(parent, 'key'))).mode & 0o777, 0o600);
  });

  test('made by many at once is one', async () => {
    const makers = Array.from({ length: 20 }, (_, n) =>
      readOrCreateSecret(parent, 'key', () => `made by ${n}`),
    );
    const got = new Set(await Promise.all(makers));
    assert.deepEqual([...got], [await readSecret(parent, 'key')]);
  });

  test('that was never made is undefined, and can be replaced', async () => {
    assert.equal(await readSecret(parent, 'key'), undefined);
    await writeSecret(parent, 'key', 'one');
    await writeSecret(parent, 'key', 'two');
    assert.equal(await readSecret(parent, 'key'), 'two');
  });
});
