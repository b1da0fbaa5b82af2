#!/bin/sh
# Builds dist/Aether Desktop-VERSION.dmg on macOS. Was never run; see README.md here.
#   AETHER_IDENTITY="Developer ID Application: NAME (TEAM)"  AETHER_NOTARY=profile  packaging/macos/build.sh
# Without the two names it builds a bundle that is signed for this Mac alone ("-").
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -n 1)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0
python=.venv-package/bin/python
if [ ! -x "$python" ]; then
  python3.11 -m venv .venv-package
  "$python" -m pip install ".[package]" # the lock is of Linux: make one here before a release
fi
"$python" -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .
"$python" -m pip install --no-deps --force-reinstall "dist/aether_desktop-$version-py3-none-any.whl"
mkdir -p build/package
AETHER_FROZEN_FILES="$PWD/build/package/frozen-files.json" "$python" -m PyInstaller --noconfirm \
  --distpath build/package/frozen --workpath build/package/work packaging/aether-desktop.spec

bundle="build/package/Aether Desktop.app"
rm -rf "$bundle"
mkdir -p "$bundle/Contents/Resources"
cp -R build/package/frozen/aether-desktop "$bundle/Contents/MacOS"
sed "s/@VERSION@/$version/" packaging/macos/Info.plist >"$bundle/Contents/Info.plist"
"$python" -c "import sys; sys.path.insert(0, 'packaging'); from building.icons import icns
open('build/package/aether-desktop.icns', 'wb').write(icns())"
cp build/package/aether-desktop.icns "$bundle/Contents/Resources/"
"$bundle/Contents/MacOS/aether-desktop" --version

# Inside out: each library, then the bundle. --deep is not for distribution.
identity=${AETHER_IDENTITY:--}
find "$bundle/Contents/MacOS" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
  xargs -0 -n 20 codesign --force --timestamp --options runtime --entitlements packaging/macos/entitlements.plist --sign "$identity"
codesign --force --timestamp --options runtime --entitlements packaging/macos/entitlements.plist --sign "$identity" "$bundle"
codesign --verify --strict --verbose=2 "$bundle"

image="dist/Aether Desktop-$version.dmg"
rm -f "$image"
hdiutil create -volname "Aether Desktop" -srcfolder "$bundle" -format UDZO "$image"
if [ -n "${AETHER_NOTARY:-}" ]; then
  codesign --timestamp --sign "$identity" "$image"
  xcrun notarytool submit "$image" --keychain-profile "$AETHER_NOTARY" --wait
  xcrun stapler staple "$image"
  spctl --assess --type open --context context:primary-signature --verbose "$image"
fi
